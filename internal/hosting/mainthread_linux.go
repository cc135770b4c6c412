package hosting

// besideKeeper runs serve beside the keeper, which has to live on the main thread: the programs' parent-death signals (PR_SET_PDEATHSIG) come
// when the thread that started them ends, and at an upgrade execve(2) ends all threads but the one that calls it, which then is the main
// thread. package keeper's init has locked this goroutine to that.
func (h *host) besideKeeper(serve func() error) error {
	return here(func(do func(func())) error {
		h.onMain = do
		return serve()
	})
}
