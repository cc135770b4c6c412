package manager

import "context"

// Registration is what the service manager has stored of an installed service, as it is stored, for those who check it.
type Registration struct {
	CommandLine string            // as it is stored: Windows ImagePath. Linux: the arguments, quoted by Go's rules
	Words       []string          // executable and arguments
	Unquoted    bool              // Windows: the executable's path has a space and no quotes (CWE-428)
	Account     string            // as the service manager calls it; "" is root or LocalSystem
	Recovers    bool              // restarts after a crash
	OnNonCrash  bool              // and after an orderly end with an error
	Unknown     []string          // what can't be read from this service manager (Wine)
	HardLimits  map[string]uint64 // Linux: of its processes, by setrlimit(2)'s names in lower case; the greatest uint64 is no limit
	Ambient     uint64            // Linux: the capabilities that the unit gives it, bit n for number n of capabilities(7); root has all anyway
	DropIns     []string          // Linux: files of the administrator that override the unit
	NeedReload  bool              // Linux: unit files were changed since systemd read them
}

// Registration reads how the service is registered. Everybody may. Errors: ErrNotInstalled, ErrUnsupported.
func (m Manager) Registration(ctx context.Context, name string) (Registration, error) {
	return registration(ctx, m, name)
}
