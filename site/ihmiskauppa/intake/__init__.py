"""From an answered form to the assistance system's inbox: message, sealing, outbox, mail, and reading. No Flask."""
