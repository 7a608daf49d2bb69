"""Programs that check the checkout and write its generated files."""
