package nssm

import "strings"

// environment is Environment of the service control manager, AppEnvironment and AppEnvironmentExtra, in the order in
// which they come about. Values are expanded whatever happens: AppEnvironment's come one after the other.
func (c *conversion) environment() {
	if v, ok := c.service.Key.Value("Environment"); ok {
		c.block("Environment", v, literal)
	}
	if v, ok := c.take("AppEnvironment"); ok && len(v.List) > 0 {
		c.note("AppEnvironment", "NSSM gave the program these variables and no others. daruma adds them to its own: set what must not reach the program to an empty value")
		c.block("AppEnvironment", v, c.env.expand)
	}
	if v, ok := c.take("AppEnvironmentExtra"); ok {
		c.block("AppEnvironmentExtra", v, c.env.expand)
	}
	var secrets []string
	for _, v := range c.env.own {
		c.doc.env = append(c.doc.env, pair{v.name, c.env.write(v.value)})
		if secret(v.name) {
			secrets = append(secrets, v.name)
		}
	}
	if len(secrets) > 0 {
		c.note("AppEnvironmentExtra", "%s may be a secret, and stands in this file now as it stood in the registry, where every user of the machine could read it. Move it into a file that the service alone can read, and name that in envFiles", strings.Join(secrets, ", "))
	}
}

// block adds the lines NAME=VALUE of one list.
func (c *conversion) block(setting string, v Value, expand func(string) text) {
	if v.Kind != MultiSZ {
		c.note(setting, "isn't a REG_MULTI_SZ, so NSSM didn't take it; neither does daruma")
		return
	}
	const longestName = 1000 // definitions take keys of up to 1024 characters
	for _, line := range v.List {
		name, value, ok := strings.Cut(line, "=")
		switch {
		case !ok || name == "":
			c.note(setting, "one of its lines isn't NAME=VALUE, and is left out")
		case len(name) > longestName:
			c.note(setting, "a variable whose name is longer than %d characters is left out", longestName)
		default:
			c.env.set(name, expand(value))
		}
	}
}

// secret guesses by the name.
func secret(name string) bool {
	name = strings.ToUpper(name)
	for _, word := range []string{"PASSW", "PWD", "SECRET", "TOKEN", "APIKEY", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL",
		"CONNECTIONSTRING", "CONNECTION_STRING", "DATABASE_URL", "_DSN"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// variables notes which %VAR% are looked up at the start, and which can't be.
func (c *conversion) variables() {
	var outside []string
	for _, name := range c.env.outside {
		if _, ok := usual(name); !ok && !strings.EqualFold(name, "Path") {
			outside = append(outside, "%"+name+"%")
		}
	}
	if len(outside) > 0 {
		c.note("%VAR%", "%s is taken from daruma's own environment at start, and stays as it is where it isn't set there, as with NSSM. What belongs to a user, such as %%TEMP%% or %%APPDATA%%, depends on account",
			strings.Join(outside, ", "))
	}
	for _, name := range c.env.strange {
		c.note("%VAR%", "%%%s%% is left as it is, because a definition can't name such a variable: write its value", name)
	}
}
