"""What the loader is made of; programs reach `_utils.collate` to extend collation."""
