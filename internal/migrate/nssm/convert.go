package nssm

import (
	"fmt"
	"os"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Definition is what a service became.
type Definition struct {
	Service string // its name at the service control manager
	Name    string // its name in the definition
	YAML    []byte // the definition, which [definition.Parse] accepts; the remarks are comments at its head
	Remarks []Remark
	Env     int // variables whose values stand in YAML
}

// Convert makes a definition of s. taken reports whether a definition of that name exists already; nil: none does.
// An error means that s can't be run: no Application, or one longer than Windows takes.
func Convert(s Service, taken func(name string) bool) (Definition, error) {
	if !s.hasApplication() {
		return Definition{}, notNSSM(s)
	}
	c := &conversion{service: s, parameters: s.Key.Sub("Parameters"), seen: map[string]bool{}}
	c.name(taken)
	c.manager()
	c.environment()
	c.command()
	c.restarts()
	c.stopping()
	c.output()
	c.process()
	c.hooks()
	c.variables()
	c.rest()
	if c.env.cut {
		return Definition{}, fmt.Errorf("service %s: its command line or a variable is longer than the %d characters that Windows takes", s.Name, maxText)
	}
	d := Definition{Service: s.Name, Name: c.doc.name, Remarks: c.remarks, Env: len(c.doc.env)}
	d.YAML = c.doc.write(s.Name, c.remarks)
	if _, err := definition.Parse(d.YAML, "", lookup); err != nil {
		return Definition{}, fmt.Errorf("service %s: no definition can say this: %w", s.Name, err)
	}
	return d, nil
}

// lookup is the environment with a PATH at least: where the definition is written says nothing of where it will run.
func lookup(name string) (string, bool) {
	if v, ok := os.LookupEnv(name); ok || name != "PATH" {
		return v, ok
	}
	return "", true
}

func notNSSM(s Service) error {
	image, _ := s.Key.Value("ImagePath")
	if image.Text == "" {
		return fmt.Errorf("service %s isn't one of NSSM: it has no value Parameters\\Application", s.Name)
	}
	return fmt.Errorf("service %s isn't one of NSSM: it has no value Parameters\\Application, and runs %s itself", s.Name, printable(image.Text))
}

// conversion is one service on its way to a definition.
type conversion struct {
	service    Service
	parameters *Key
	seen       map[string]bool // values of Parameters that have been dealt with, in lower case
	env        environment
	doc        document
	remarks    []Remark
}

// take gives a value of Parameters and notes that it has been dealt with.
func (c *conversion) take(name string) (Value, bool) {
	c.seen[strings.ToLower(name)] = true
	return c.parameters.Value(name)
}

// number gives a DWORD. NSSM passes over a value of another type, and so does this.
func (c *conversion) number(name string) (n uint64, ok bool) {
	v, ok := c.take(name)
	if ok && v.Kind != Dword {
		c.note(name, "isn't a REG_DWORD, so NSSM didn't take it; neither does daruma")
		return 0, false
	}
	return v.Number, ok
}

// text gives a text, %VAR% replaced where its type says so.
func (c *conversion) text(name string) (text, bool) {
	v, ok := c.take(name)
	if !ok || v.Text == "" {
		return nil, false
	}
	return c.expand(v), true
}

func (c *conversion) expand(v Value) text {
	if v.Kind == ExpandSZ {
		return c.env.expand(v.Text)
	}
	if len(v.Text) > 4*maxText {
		c.env.cut = true
	}
	return literal(v.Text)
}

// name makes a name that definitions allow of the service's.
func (c *conversion) name(taken func(string) bool) {
	name := slug(c.service.Name)
	base := name
	for i := 2; taken != nil && taken(name); i++ {
		suffix := fmt.Sprintf("-%d", i)
		name = strings.TrimRight(base[:min(len(base), 63-len(suffix))], "-") + suffix
	}
	c.doc.name, c.doc.program = name, name
	if name == "daruma" {
		c.doc.program = "program" // a program called daruma would share daruma's own log
	}
	if name != c.service.Name {
		c.doc.displayName = oneLine(c.service.Name)
	}
	if !strings.EqualFold(name, c.service.Name) { // Windows doesn't tell Shop from shop
		c.note("Name", "%s is called %s here, because names are made of a-z, 0-9 and -. Services that depend on it, and scripts, need the new name", c.service.Name, name)
	}
}

// slug makes a name of lower-case letters, digits and single hyphens.
func slug(s string) string {
	var b strings.Builder
	latin := strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "á", "a", "à", "a", "ç", "c", "ñ", "n", "ó", "o", "í", "i", "ú", "u")
	for _, r := range latin.Replace(strings.ToLower(s)) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
		if b.Len() == 63 {
			break
		}
	}
	name := strings.Trim(b.String(), "-")
	switch {
	case name == "":
		return "service"
	case isDevice(name):
		return name + "-service"
	}
	return name
}

// isDevice: definitions refuse the names of Windows' devices, which can't be names of folders.
func isDevice(name string) bool {
	switch name {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")) && name[3] >= '0' && name[3] <= '9'
}

// rest notes what nothing has asked for.
func (c *conversion) rest() {
	for _, v := range c.parameters.Values() {
		if v.Name != "" && !c.seen[strings.ToLower(v.Name)] {
			c.note(v.Name, "isn't a setting of NSSM that daruma knows; if the program itself reads it from the registry, leave the key there")
		}
	}
	for _, sub := range c.parameters.Subs() {
		if !strings.EqualFold(sub.Name, "AppExit") && !strings.EqualFold(sub.Name, "AppEvents") {
			c.note(sub.Name, "isn't a key of NSSM that daruma knows; if the program itself reads it from the registry, leave it there")
		}
	}
}
