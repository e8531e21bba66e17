"""What the site says: content files, parsed, checked, made safe, and placed in a tree for each language. No Flask."""
