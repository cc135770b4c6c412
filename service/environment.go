package service

// Environment is what runs a service.
type Environment uint8

// The surroundings that a service can tell apart.
const (
	Terminal  Environment = iota // a person's terminal, or whatever else there is no word for
	SCM                          // Windows' Service Control Manager
	Systemd                      // a unit of Type=notify or notify-reload (NOTIFY_SOCKET)
	Daruma                       // a program of daruma's with the notify channel (DARUMA_NOTIFY)
	Container                    // the main process of a container, or a process in one
)

// String gives the name in one word.
func (e Environment) String() string {
	switch e {
	case Terminal:
		return "terminal"
	case SCM:
		return "scm"
	case Systemd:
		return "systemd"
	case Daruma:
		return "daruma"
	case Container:
		return "container"
	default:
		return "unknown"
	}
}
