package nssm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FindAll gives all services of NSSM on this machine; none is an error.
func FindAll() ([]Service, error) {
	services, err := AllInstalled()
	if err == nil && len(services) == 0 {
		err = errors.New("NSSM runs no service on this machine")
	}
	return services, err
}

// Find gives the service of this name on this machine, or where source is a file (see [IsFile]) all services of NSSM in it. A file
// with one service alone gives it even if it isn't NSSM's: Convert says why not, or converts one of srvany.
func Find(source string) ([]Service, error) {
	if IsFile(source) {
		return readFile(source)
	}
	service, err := Installed(source)
	return []Service{service}, err
}

// IsFile tells a .reg file from the name of a service: names have no backslash and no slash, and hardly end in .reg.
func IsFile(source string) bool {
	if strings.EqualFold(filepath.Ext(source), ".reg") || strings.ContainsAny(source, `/\`) {
		return true
	}
	info, err := os.Stat(source)
	return err == nil && info.Mode().IsRegular()
}

func readFile(file string) ([]Service, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file", file)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is not a regular file", file)
	case err == nil && info.Size() > MaxRegSize:
		return nil, fmt.Errorf("%s: is larger than %d MiB: export the key of the service alone", file, MaxRegSize>>20)
	case err != nil:
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	services, err := ParseReg(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var found []Service
	for _, s := range services {
		if s.IsNSSM() {
			found = append(found, s)
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case len(services) == 1: // Convert says why not, or converts one of srvany
		return services, nil
	}
	return nil, fmt.Errorf("%s: has %d services, none of NSSM: export HKLM\\SYSTEM\\CurrentControlSet\\Services\\NAME with its subkeys", file, len(services))
}
