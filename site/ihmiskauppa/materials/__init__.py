"""Materials: the range of posters, flyers and cards; their files; orders and stock."""
