package manager

import (
	"errors"
	"fmt"
	"strings"
)

// unitNameMax is systemd's UNIT_NAME_MAX, 255 with the suffix.
const unitNameMax = 255 - len(".service")

func checkName(name string) error {
	if err := checkUnitName(name); err != nil {
		return fmt.Errorf("service name %q: %w", name, err)
	}
	if hasUnitSuffix(name) {
		return fmt.Errorf("service name %q: leave the unit's suffix out", name)
	}
	return nil
}

func checkUnitName(name string) error {
	if name == "" || len(name) > unitNameMax {
		return fmt.Errorf("give 1 to %d characters", unitNameMax)
	}
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if wrong := strings.Trim(name, letters+digits+":-_.@"); wrong != "" {
		// What is left begins with the first wrong one.
		return fmt.Errorf("systemd takes letters, digits and : - _ . @ alone, not %q", []rune(wrong)[0])
	}
	if strings.HasPrefix(name, "@") || strings.HasSuffix(strings.TrimSuffix(name, ".service"), "@") {
		return errors.New("a template isn't a service: give the instance too, as in getty@tty1") // systemd.unit(5)
	}
	if name[0] == '.' || name[0] == '-' {
		return errors.New("begin it with a letter or digit") // a hidden file; an option
	}
	return nil
}

func checkDependency(name string) error { return checkUnitName(name) }

// checkSystem refuses what no quoting can bring into a unit file.
func checkSystem(s Spec) error {
	if strings.ContainsAny(s.Executable, `"'\`) {
		return fmt.Errorf("executable %q: systemd refuses quotes and backslashes in its path; move it", s.Executable)
	}
	if dir := s.WorkingDir; strings.HasSuffix(dir, `\`) || strings.TrimSpace(dir) != dir {
		return fmt.Errorf("working directory %q: a unit file can't have a backslash or a space at its end", dir)
	}
	return nil
}
