package incident

import "cmp"

// Boot names the machine's present boot; "" where the system has no such name. Linux: the kernel's random boot id. Windows: the
// number that is counted up with every boot, or, without it, the boot's time; waking from hibernation, Fast Startup included, is
// no boot.
func Boot() string { return cmp.Or(bootID(), bootTime()) }
