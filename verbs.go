package daruma

// verbs acts on a verb of the command line.
func verbs(Service, []string) (code int, handled bool) { return 0, false }
