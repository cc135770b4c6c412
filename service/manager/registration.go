package manager

import "context"

// Registration is how an installed service stands with the service manager, raw, for those who look for mistakes in it.
type Registration struct {
	CommandLine string   // as it is stored: Windows ImagePath. Linux: the words, quoted by Go's rules
	Words       []string // executable and arguments
	Unquoted    bool     // Windows: the executable's path has a space and no quotes (CWE-428)
	Account     string   // as the service manager calls it; "" is root or LocalSystem
	Recovers    bool     // restarts after a crash
	OnNonCrash  bool     // and after an orderly end with an error
	Unknown     []string // what this service manager (Wine) doesn't tell
	DropIns     []string // Linux: files of the administrator that have the last word
	NeedReload  bool     // Linux: unit files were changed since systemd read them
}

// Registration reads how the service is registered. It needs no rights beyond looking. Errors: ErrNotInstalled, ErrUnsupported.
func (m Manager) Registration(ctx context.Context, name string) (Registration, error) {
	return registration(ctx, m, name)
}
