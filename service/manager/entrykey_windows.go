package manager

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// others are keys of a service that aren't its settings: Security is the access list, which the Service Control Manager writes
// itself, Enum belongs to Plug and Play.
func others(name string) bool {
	return strings.EqualFold(name, "Security") || strings.EqualFold(name, "Enum")
}

// readRegistryKey reads a key with what is below it.
func readRegistryKey(root registry.Key, path string, depth int) (RegistryKey, error) {
	const deepest = 32 // the registry itself ends at 512
	k := RegistryKey{Name: path[strings.LastIndexByte(path, '\\')+1:]}
	if depth > deepest {
		return k, fmt.Errorf("%s: more than %d keys deep", path, deepest)
	}
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE|registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return k, fmt.Errorf("%s: %w", path, err)
	}
	defer key.Close()
	values, err := key.ReadValueNames(-1)
	if err != nil {
		return k, fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range values {
		v, err := readRegistryValue(key, name)
		if err != nil {
			return k, fmt.Errorf("%s, value %s: %w", path, name, err)
		}
		k.Values = append(k.Values, v)
	}
	subs, err := key.ReadSubKeyNames(-1)
	if err != nil {
		return k, fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range subs {
		if depth == 0 && others(name) {
			continue
		}
		sub, err := readRegistryKey(root, path+`\`+name, depth+1)
		if err != nil {
			return k, err
		}
		k.Keys = append(k.Keys, sub)
	}
	slices.SortFunc(k.Values, func(a, b RegistryValue) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	slices.SortFunc(k.Keys, func(a, b RegistryKey) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return k, nil
}

func readRegistryValue(key registry.Key, name string) (RegistryValue, error) {
	data := make([]byte, 1024)
	for {
		n, kind, err := key.GetValue(name, data)
		if errors.Is(err, registry.ErrShortBuffer) {
			data = make([]byte, max(n, 2*len(data))) // it may grow in between
			continue
		}
		return RegistryValue{Name: name, Type: kind, Data: data[:n:n]}, err
	}
}

// write sets the key to k. Values and keys that aren't in k are removed.
func (k RegistryKey) write(root registry.Key, path string, depth int) error {
	key, _, err := registry.CreateKey(root, path, registry.ALL_ACCESS)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer key.Close()
	have, err := readRegistryKey(root, path, depth)
	if err != nil {
		return err
	}
	for _, v := range k.Values {
		if old, ok := have.value(v.Name); ok && old.Type == v.Type && bytes.Equal(old.Data, v.Data) {
			continue
		}
		if err := setRegistryValue(key, v); err != nil {
			return fmt.Errorf("%s, value %s: %w", path, v.Name, err)
		}
	}
	for _, v := range have.Values {
		if _, ok := k.value(v.Name); ok {
			continue
		}
		if err := key.DeleteValue(v.Name); err != nil {
			return fmt.Errorf("%s, value %s: %w", path, v.Name, err)
		}
	}
	for _, sub := range k.Keys {
		if err := sub.write(root, path+`\`+sub.Name, depth+1); err != nil {
			return err
		}
	}
	for _, sub := range have.Keys {
		if _, ok := k.sub(sub.Name); ok {
			continue
		}
		if err := removeRegistryKey(root, path+`\`+sub.Name, sub); err != nil {
			return err
		}
	}
	return nil
}

func removeRegistryKey(root registry.Key, path string, k RegistryKey) error {
	for _, sub := range k.Keys {
		if err := removeRegistryKey(root, path+`\`+sub.Name, sub); err != nil {
			return err
		}
	}
	if err := registry.DeleteKey(root, path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// setRegistryValue writes bytes as they are: package registry has a function for each type, and none for bytes of any.
func setRegistryValue(key registry.Key, v RegistryValue) error {
	name, err := windows.UTF16PtrFromString(v.Name)
	if err != nil {
		return err
	}
	set := windows.NewLazySystemDLL("advapi32.dll").NewProc("RegSetValueExW")
	code, _, _ := set.Call(uintptr(key), uintptr(unsafe.Pointer(name)), 0, uintptr(v.Type),
		uintptr(unsafe.Pointer(unsafe.SliceData(v.Data))), uintptr(len(v.Data)))
	if code != 0 {
		return syscall.Errno(code)
	}
	return nil
}

// asWritten is a service's name in the case of the registry, which opens keys in any case.
func asWritten(name string) string {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, strings.TrimSuffix(serviceKey(""), `\`), registry.ENUMERATE_SUB_KEYS)
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
