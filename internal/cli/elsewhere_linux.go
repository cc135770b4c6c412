package cli

// How a person gets the rights for the services of the system, and what looks after services that aren't daruma's.
const (
	elevated   = "use sudo"
	systemTool = "systemctl"
)
