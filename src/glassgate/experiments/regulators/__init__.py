"""Two gates or one: networks with gates left out or tied, at equal size."""
