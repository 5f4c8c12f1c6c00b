"""Flask, and only Flask: who asks, what they ask, and how we answer."""
