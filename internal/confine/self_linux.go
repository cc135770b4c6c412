package confine

import (
	"os"
	"strings"
)

// Self is the supervisor's part: before it reads what a stranger wrote, it gives up the system calls that it doesn't make. signals says
// that it may have to signal processes of its own account and others. missing says for people what this process wasn't able to give up,
// its keeper's part included; "": nothing. It takes [Variable] out of the environment.
func Self(signals bool) (missing string) {
	missing, told := os.LookupEnv(Variable)
	if !told { // started by a keeper of an older version
		missing = "Landlock and capabilities: the keeper is older than this supervisor, restart the service"
	}
	_ = os.Unsetenv(Variable) // it can't fail for such a name
	all := []string{missing}
	if missing == "" {
		all = nil
	}
	if err := dropPassedOn(); err != nil {
		all = append(all, "capabilities: "+err.Error())
	}
	if err := filter(signals); err != nil { // last: it takes away what the others call
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}
