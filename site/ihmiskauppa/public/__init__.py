"""The public site: thin views, kept pages, form binding and the privacy machinery."""
