"""Tools for the course's authors; no lab needs them."""
