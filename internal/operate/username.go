package operate

import (
	"fmt"
	"os"
)

// UserName is who gives an order, for events and incidents. It proves nothing: anybody can set a variable.
func UserName() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME", "USERNAME"} {
		if v := os.Getenv(name); v != "" && len(v) < 100 {
			return v
		}
	}
	return fmt.Sprintf("user %d", os.Geteuid())
}
