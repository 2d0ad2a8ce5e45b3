"""Live cards: their messages, their state, and the widgets that carry both to the browser."""
