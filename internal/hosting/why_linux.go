package hosting

// whyIn is the command that shows why a service ended. What the supervisor can't write to daruma.log yet or any more is in the journal alone.
func whyIn(service string) string { return "journalctl -u " + service }
