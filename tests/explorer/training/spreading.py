"""The entropy and the transport term in numpy float64, by their definitions, and gradients by finite differences."""

from collections.abc import Callable

import numpy as np


def costs(residuals: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return ((residuals[:, None] - codes[None]) ** 2).sum(axis=-1)


def entropy_of_level(residuals: np.ndarray, codes: np.ndarray, temperature: float) -> float:
    """E_b[H(p)] − H(E_b[p])."""
    scores = np.exp(-costs(residuals, codes) / temperature)
    p = scores / scores.sum(axis=1, keepdims=True)

    def entropy(p: np.ndarray) -> np.ndarray:
        return -np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0), axis=-1)

    return float(entropy(p).mean() - entropy(p.mean(axis=0)))


def converged_plan(cost: np.ndarray, epsilon: float) -> np.ndarray:
    """The plan of uniform marginals, by Sinkhorn's iterations on the matrix itself until nothing moves."""
    kernel = np.exp(-cost / epsilon)
    rows, columns = (np.full(n, 1 / n) for n in cost.shape)
    v = np.ones(cost.shape[1])
    for _ in range(100_000):
        u = rows / (kernel @ v)
        before, v = v, columns / (kernel.T @ u)
        if np.abs(np.log(v / before)).max() < 1e-13:
            break
    return u[:, None] * kernel * v


def regularised_optimum(residuals: np.ndarray, codes: np.ndarray, epsilon: float) -> float:
    """min over P of ⟨P, C⟩ + ε·KL(P ‖ a⊗b)."""
    cost = costs(residuals, codes)
    plan = converged_plan(cost, epsilon)
    return float((plan * cost).sum() + epsilon * (plan * np.log(plan * plan.size)).sum())


def differences(function: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient by central differences."""
    gradient = np.zeros(at.shape)
    for index in np.ndindex(*at.shape):
        aside = np.zeros(at.shape)
        aside[index] = step
        gradient[index] = (function(at + aside) - function(at - aside)) / (2 * step)
    return gradient
