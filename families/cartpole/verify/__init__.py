"""Verification of CartPole."""
