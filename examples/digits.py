"""Trains a small convolutional network on the handwritten digits of scikit-learn.

1,797 real scans of 8x8 pixels, split into a training, a validation and a test part. The
model that is best on the validation part is saved, loaded in a fresh process and must
predict the same there. Writes ``best.pt``, ``curves.png`` and ``confusion.png``.

    python examples/digits.py            # some ten seconds on two cores
    python examples/digits.py --smoke    # a few seconds, to see that everything runs
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import rushlight as torch
from rushlight import nn
from rushlight.utils.data import DataLoader, TensorDataset


class DigitNet(nn.Module):
    """Two blocks of convolutions, then a classifier: (N, 1, 8, 8) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, kernel_size=3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, kernel_size=3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 128, kernel_size=3, padding=1),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.4),
            nn.Linear(128 * 2 * 2, 10),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x))


def load_data() -> tuple[TensorDataset, TensorDataset, TensorDataset]:
    """Training (64 %), validation (16 %) and test (20 %) sets, always the same."""
    images, labels = load_digits(return_X_y=True)
    rest, test = train_test_split(
        range(len(labels)), test_size=0.2, stratify=labels, random_state=0
    )
    train, val = train_test_split(
        rest, test_size=0.2, stratify=labels[rest], random_state=0
    )
    x = torch.from_numpy(images).float().reshape(-1, 1, 8, 8) / 16.0
    y = torch.from_numpy(labels).long()
    return (
        TensorDataset(x[train], y[train]),
        TensorDataset(x[val], y[val]),
        TensorDataset(x[test], y[test]),
    )


def train_epoch(
    model: nn.Module,
    loader: DataLoader,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    title: str,
) -> tuple[float, float]:
    """Runs one epoch with a progress bar; returns the mean loss and the accuracy."""
    model.train()
    total_loss, correct, seen = 0.0, 0, 0
    bar = tqdm(loader, desc=title, leave=False)
    for images, labels in bar:
        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()

        total_loss += loss.item() * len(labels)
        correct += (outputs.argmax(dim=1) == labels).sum().item()
        seen += len(labels)
        bar.set_postfix(loss=f"{total_loss / seen:.4f}", acc=f"{correct / seen:.2%}")
    return total_loss / seen, correct / seen


@torch.no_grad()
def evaluate(
    model: nn.Module, dataset: TensorDataset, criterion: nn.Module
) -> tuple[float, float, torch.Tensor]:
    """Mean loss, accuracy and the predicted digit of every image."""
    model.eval()
    images, labels = dataset.tensors
    outputs = model(images)
    predicted = outputs.argmax(dim=1)
    accuracy = (predicted == labels).float().mean().item()
    return criterion(outputs, labels).item(), accuracy, predicted


def plot_curves(history: list[dict[str, float]], path: Path) -> None:
    """Loss and accuracy of every epoch, training beside validation."""
    from matplotlib.figure import Figure  # late: it takes as long as some epochs

    epochs = range(1, len(history) + 1)
    figure = Figure(figsize=(10, 4), layout="tight")
    for axis, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for part in ("train", "validation"):
            axis.plot(epochs, [row[f"{part} {name}"] for row in history], label=part)
        axis.set(xlabel="epoch", ylabel=name)
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(path, dpi=120)


def plot_confusion(labels: torch.Tensor, predicted: torch.Tensor, path: Path) -> None:
    """How often each digit (row) was taken for each digit (column)."""
    from matplotlib.figure import Figure

    matrix = torch.bincount(labels * 10 + predicted, minlength=100).reshape(10, 10)
    figure = Figure(figsize=(6, 5.5), layout="tight")
    axis = figure.subplots()
    axis.imshow(matrix.numpy(), cmap="Blues")
    for row in range(10):
        for column in range(10):
            count = matrix[row, column].item()
            color = "white" if row == column else "black"
            if count:
                axis.text(column, row, count, ha="center", va="center", color=color)
    axis.set(xlabel="predicted", ylabel="true", title="Test set")
    axis.set(xticks=range(10), yticks=range(10))
    figure.savefig(path, dpi=120)


def check_saved(folder: Path) -> None:
    """Loads the saved model and compares its predictions with the saved ones."""
    model = DigitNet()
    model.load_state_dict(torch.load(folder / "best.pt"))
    _, _, predicted = evaluate(model, load_data()[2], nn.CrossEntropyLoss())
    if not torch.equal(predicted, torch.load(folder / "predictions.pt")):
        sys.exit("the loaded model predicts something else")
    print("loaded in a fresh process: all predictions equal")


def main() -> None:
    parser = argparse.ArgumentParser(description="Learns handwritten digits.")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--out", type=Path, default=Path("digits-run"))
    parser.add_argument("--smoke", action="store_true", help="one epoch only")
    parser.add_argument("--check-saved", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.check_saved:
        check_saved(args.out)
        return

    torch.manual_seed(1)
    epochs = 1 if args.smoke else args.epochs
    args.out.mkdir(parents=True, exist_ok=True)
    train_set, val_set, test_set = load_data()
    loader = DataLoader(train_set, batch_size=32, shuffle=True)

    model = DigitNet()
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{len(train_set)} training images, {parameters:,} parameters")

    history: list[dict[str, float]] = []
    best = float("inf")
    for epoch in range(1, epochs + 1):
        title = f"epoch {epoch:2d}/{epochs}"
        loss, accuracy = train_epoch(model, loader, criterion, optimizer, title)
        val_loss, val_accuracy, _ = evaluate(model, val_set, criterion)
        scheduler.step()
        history.append(
            {
                "train loss": loss,
                "train accuracy": accuracy,
                "validation loss": val_loss,
                "validation accuracy": val_accuracy,
            }
        )
        mark = ""
        if val_loss < best:
            best, mark = val_loss, "  saved"
            torch.save(model.state_dict(), args.out / "best.pt")
        print(
            f"{title}  train {loss:.4f} {accuracy:.2%}  "
            f"validation {val_loss:.4f} {val_accuracy:.2%}{mark}"
        )

    model.load_state_dict(torch.load(args.out / "best.pt"))
    _, test_accuracy, predicted = evaluate(model, test_set, criterion)
    torch.save(predicted, args.out / "predictions.pt")
    plot_curves(history, args.out / "curves.png")
    plot_confusion(test_set.tensors[1], predicted, args.out / "confusion.png")
    print(f"pictures and model: {args.out}/")

    again = [sys.executable, __file__, "--check-saved", "--out", str(args.out)]
    subprocess.run(again, check=True)
    print(f"test accuracy: {100 * test_accuracy:.1f}%")


if __name__ == "__main__":
    main()
