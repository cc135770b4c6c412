package nssm

import (
	"slices"
	"strings"
)

// Service is what the registry says of one Windows service.
type Service struct {
	Name string // as the service control manager knows it
	Key  *Key   // HKLM\SYSTEM\CurrentControlSet\Services\NAME
}

// services are those below the control sets of root. The current one wins over ControlSet001 and its like.
func services(root *Key) []Service {
	found := map[string]Service{}
	for _, set := range root.Subs() { // sorted: controlset001 … before currentcontrolset
		for _, key := range set.Subs() {
			found[strings.ToLower(key.Name)] = Service{Name: key.Name, Key: key}
		}
	}
	list := make([]Service, 0, len(found))
	for _, s := range found {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Service) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list
}

// IsNSSM reports whether NSSM runs the service. nssm.exe may have been renamed, and srvany has an Application too: what
// tells them apart is the key AppExit, which NSSM writes at install and srvany doesn't know.
func (s Service) IsNSSM() bool {
	parameters := s.Key.Sub("Parameters")
	if v, ok := parameters.Value("Application"); !ok || v.Text == "" || s.TakenOver() {
		return false
	}
	image, _ := s.Key.Value("ImagePath")
	return parameters.Sub("AppExit") != nil || strings.Contains(strings.ToLower(image.Text), "nssm")
}

// TakenOver reports whether the service is daruma's by now: NSSM's settings are still there, and the mark that daruma's
// installations have stands beside them.
func (s Service) TakenOver() bool {
	mark, _ := s.Key.Sub("Parameters").Value("InstalledBy")
	return mark.Text == "daruma"
}

// hasApplication reports whether there is something to convert: services of srvany can be converted as well.
func (s Service) hasApplication() bool {
	v, ok := s.Key.Sub("Parameters").Value("Application")
	return ok && strings.Trim(v.Text, "\" ") != ""
}

// DefinitionName is the name that the service called name has in its definition, where no other has it.
func DefinitionName(name string) string { return slug(name) }

// Installed reads the service called name from this machine's registry, whether NSSM runs it or not ([Convert] says so).
// It needs no particular rights. Other systems than Windows have no registry, and the error says what to do instead.
func Installed(name string) (Service, error) {
	return installed(name)
}

// AllInstalled are this machine's services that NSSM runs.
func AllInstalled() ([]Service, error) {
	return allInstalled()
}
