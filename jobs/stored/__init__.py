"""A run that is kept in a store besides its folder, so that another machine can go on with it."""
