package incident

// Boot names the machine's present boot; "" where the system has no such name (Wine). Linux: the kernel's random boot id.
// Windows: the number that is counted up with every boot; waking from hibernation, Fast Startup included, is none.
func Boot() string { return bootID() }
