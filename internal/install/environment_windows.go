package install

import (
	"os"
	"strings"

	"golang.org/x/sys/windows/registry"
)

// machineEnvironment is where Windows keeps the variables that all services get.
const machineEnvironment = `SYSTEM\CurrentControlSet\Control\Session Manager\Environment`

// Environment looks a variable up as the service will find it: the machine's, and what Windows sets for every process.
func Environment(own []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, entry := range own {
			if key, value, ok := strings.Cut(entry, "="); ok && strings.EqualFold(key, name) {
				return value, true
			}
		}
		switch strings.ToUpper(name) {
		case "SYSTEMROOT", "SYSTEMDRIVE", "PROGRAMDATA", "ALLUSERSPROFILE", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432",
			"COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)", "COMMONPROGRAMW6432", "COMPUTERNAME", "PUBLIC", "DARUMA_HOME",
			"USERPROFILE", "USERNAME", "USERDOMAIN", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP":
			return os.LookupEnv(name)
		} // PATH is the machine's: the installer's has his own folders too
		key, err := registry.OpenKey(registry.LOCAL_MACHINE, machineEnvironment, registry.QUERY_VALUE)
		if err != nil {
			return "", false
		}
		defer key.Close()
		value, kind, err := key.GetStringValue(name)
		if err == nil && kind == registry.EXPAND_SZ {
			value, err = registry.ExpandString(value)
		}
		return value, err == nil
	}
}

// FolderVariable: Windows sets none.
func FolderVariable(string, string) (string, bool) { return "", false }

const withoutDependency = "the start is refused with error 1075; sc query names what there is"
