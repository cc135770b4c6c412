package manager

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

func checkName(name string) error {
	if err := checkServiceName(name); err != nil {
		return fmt.Errorf("service name %q: %w", name, err)
	}
	return nil
}

// checkServiceName: CreateServiceW's lpServiceName, and what nobody could type or see afterwards.
func checkServiceName(name string) error {
	switch n := len(utf16.Encode([]rune(name))); {
	case n == 0 || n > 256:
		return fmt.Errorf("give 1 to 256 characters, not %d", n)
	case strings.ContainsAny(name, `/\`):
		return errors.New("no slashes and backslashes")
	case hasControl(name):
		return errors.New("no control characters")
	case strings.TrimSpace(name) != name:
		return errors.New("no space at its ends")
	}
	return nil
}

// checkDependency takes a group of load order, too: "+NAME" (SC_GROUP_IDENTIFIER).
func checkDependency(name string) error { return checkServiceName(strings.TrimPrefix(name, "+")) }

func checkSystem(s Spec) error {
	// DisplayName is the key of GetServiceKeyName; 256 characters like the name.
	if n := len(utf16.Encode([]rune(s.DisplayName))); n > 256 {
		return fmt.Errorf("display name of %d characters: Windows takes 256", n)
	}
	// The SCM expands ImagePath (REG_EXPAND_SZ): %NAME% is whatever its environment says.
	if name := regexp.MustCompile(`%[A-Za-z_][A-Za-z0-9_]*(\(x86\))?%`).FindString(commandLine(s)); name != "" {
		return fmt.Errorf("command line: Windows takes %s for a variable; rename the file", name)
	}
	if strings.Contains(s.Executable, `"`) {
		return fmt.Errorf("executable %q: no file of Windows has a quote in its name", s.Executable)
	}
	return nil
}
