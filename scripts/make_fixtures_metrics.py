#!/usr/bin/env python3
"""Writes tests/fixtures/metrics.h: what scikit-learn's metrics say of some
predictions, for tests/test_metrics.c.

    make_fixtures_metrics.py > tests/fixtures/metrics.h

Needs numpy and scikit-learn. Seeded: the same versions write the same file.
scikit-learn has no calibration error; it is written out here after Guo, Pleiss,
Sun, Weinberger, "On Calibration of Modern Neural Networks", 2017.
"""
import numpy as np
from sklearn import metrics

# Of the last two classes there is no sample; the last is never told either.
SAMPLES, CLASSES, BINS, MISTAKES = 200, 8, 15, 12


def array(kind, name, values):
    flat = np.asarray(values).reshape(-1)
    form = "{:d}" if kind == "int64_t" else "{:.9g}"
    if kind == "double":
        form = "{:.17g}"
    words = [form.format(v) for v in flat.tolist()]
    each = 3 if kind == "double" else 6
    print(f"static const {kind} {name}[] = {{")
    for i in range(0, len(words), each):
        print("    " + ", ".join(words[i:i + each]) + ",")
    print("};\n")


def make(rng):
    labels = rng.integers(0, CLASSES - 2, SAMPLES)
    scores = rng.standard_normal((SAMPLES, CLASSES)) * 2
    scores[np.arange(SAMPLES), labels] += 2.5
    scores[:, CLASSES - 1] -= 20
    return labels, scores.astype(np.float32)


def softmax(scores):
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def calibration(confidence, right):
    """Samples, right ones and sum of confidence of each bin; their error."""
    bins, error = [], 0.0
    for b in range(BINS):
        inside = (confidence > b / BINS) & (confidence <= (b + 1) / BINS)
        n = inside.sum()
        bins.append((n, right[inside].sum(), confidence[inside].sum()))
        if n:
            error += n / len(right) * abs(right[inside].mean()
                                          - confidence[inside].mean())
    return bins, error


def main():
    labels, scores = make(np.random.default_rng(7))
    p = softmax(scores.astype(np.float64))
    told, every = p.argmax(1), np.arange(CLASSES)
    array("float", "given_scores", scores)
    array("int64_t", "given_labels", labels)
    array("double", "loss", [metrics.log_loss(labels, p, labels=every)])
    array("double", "brier", [metrics.brier_score_loss(
        labels, p, labels=every, scale_by_half=False)])
    array("double", "top_1_to_8", [metrics.accuracy_score(labels, told)] + [
        metrics.top_k_accuracy_score(labels, scores, k=k, labels=every)
        for k in range(2, CLASSES)] + [1.0])
    array("int64_t", "confusion",
          metrics.confusion_matrix(labels, told, labels=every))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, told, labels=every, zero_division=0)
    array("double", "precision", precision)
    array("double", "recall", recall)
    array("double", "f1", f1)
    array("int64_t", "support", support)
    for average in ("macro", "weighted"):  # over the classes that occur
        array("double", average, metrics.precision_recall_fscore_support(
            labels, told, average=average, zero_division=0)[:3])
    bins, error = calibration(p.max(1), told == labels)
    array("int64_t", "bin_samples", [b[0] for b in bins])
    array("int64_t", "bin_right", [b[1] for b in bins])
    array("double", "bin_confidence", [b[2] for b in bins])
    array("double", "calibration_error", [error])
    wrong = np.flatnonzero(told != labels)
    array("int64_t", "mistakes",
          wrong[np.argsort(-p.max(1)[wrong], kind="stable")][:MISTAKES])


if __name__ == "__main__":
    print("/* Made by scripts/make_fixtures_metrics.py. */")
    print("/* clang-format off */\n")
    print(f"enum {{ SAMPLES = {SAMPLES}, CLASSES = {CLASSES}, "
          f"MISTAKES = {MISTAKES} }};\n")
    main()
