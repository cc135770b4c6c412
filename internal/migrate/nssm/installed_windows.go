package nssm

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/windows/registry"
)

// servicesPath is where the service control manager keeps services, below HKEY_LOCAL_MACHINE.
const servicesPath = `SYSTEM\CurrentControlSet\Services`

func installed(name string) (Service, error) {
	return oneService(registry.LOCAL_MACHINE, servicesPath, name)
}

func allInstalled() ([]Service, error) { return allServices(registry.LOCAL_MACHINE, servicesPath) }

// oneService reads the service called name, whatever its case, below path.
func oneService(root registry.Key, path, name string) (Service, error) {
	return openService(root, path, written(root, path, name))
}

// openService is oneService for a name that is written as the registry has it.
func openService(root registry.Key, path, name string) (Service, error) {
	key, err := openKey(root, path+`\`+name)
	switch {
	case errors.Is(err, registry.ErrNotExist):
		return Service{}, fmt.Errorf("there is no service %s: services.msc, and sc query state= all, list those there are", name)
	case err != nil:
		return Service{}, fmt.Errorf("reading the registry key of the service %s: %w", name, err)
	}
	defer key.Close()
	tree := NewKey(name)
	if err := readKey(key, tree, 0); err != nil {
		return Service{}, fmt.Errorf("reading the registry key of the service %s: %w", name, err)
	}
	return Service{Name: name, Key: tree}, nil
}

// written is name as the registry has it, which opens keys whatever their case.
func written(root registry.Key, path, name string) string {
	key, err := openKey(root, path)
	if err != nil {
		return name
	}
	defer key.Close()
	names, _ := key.ReadSubKeyNames(-1)
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	return name
}

// allServices reads those services below path that NSSM runs. A service that can't be read is another's: NSSM's are
// readable for everybody.
func allServices(root registry.Key, path string) ([]Service, error) {
	key, err := openKey(root, path)
	if err != nil {
		return nil, fmt.Errorf("reading the registry key of the services: %w", err)
	}
	defer key.Close()
	names, err := key.ReadSubKeyNames(-1)
	if err != nil {
		return nil, fmt.Errorf("reading the registry key of the services: %w", err)
	}
	var found []Service
	for _, name := range names {
		if s, err := openService(root, path, name); err == nil && s.IsNSSM() {
			found = append(found, s)
		}
	}
	return found, nil
}

// openKey opens for reading. On 64-bit Windows a 32-bit daruma would be shown another SOFTWARE, but the same SYSTEM.
func openKey(root registry.Key, path string) (registry.Key, error) {
	return registry.OpenKey(root, path, registry.QUERY_VALUE|registry.ENUMERATE_SUB_KEYS)
}

// readKey reads a key with all that is below it into tree. Keys that are closed to this user, such as Security, are left out.
func readKey(key registry.Key, tree *Key, depth int) error {
	values, err := key.ReadValueNames(-1)
	if err != nil {
		return err
	}
	for _, name := range values {
		v, err := readValue(key, name)
		if err != nil {
			return fmt.Errorf("value %s: %w", name, err)
		}
		tree.Set(v)
	}
	subs, err := key.ReadSubKeyNames(-1)
	if err != nil {
		return err
	}
	const deepest = 8 // NSSM's own keys are three deep
	for _, name := range subs {
		sub, err := openKey(key, name)
		if err != nil || depth == deepest {
			continue
		}
		err = readKey(sub, tree.Make(name), depth+1)
		_ = sub.Close()
		if err != nil {
			return fmt.Errorf("key %s: %w", name, err)
		}
	}
	return nil
}

func readValue(key registry.Key, name string) (Value, error) {
	data := make([]byte, 1024)
	for {
		n, kind, err := key.GetValue(name, data)
		switch {
		case errors.Is(err, registry.ErrShortBuffer):
			data = make([]byte, max(n, 2*len(data))) // it may grow in between
		case err != nil:
			return Value{}, err
		default:
			return decode(name, Kind(kind), data[:n], false), nil
		}
	}
}
