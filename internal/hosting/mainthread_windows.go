package hosting

// besideKeeper runs serve. No thread is of importance here.
func (h *host) besideKeeper(serve func() error) error { return serve() }
