package nssm

import "strings"

// command is Application, AppParameters and AppDirectory. NSSM starts "Application" AppParameters, in AppDirectory.
func (c *conversion) command() {
	application, _ := c.text("Application")
	application = application.unquoted()
	arguments, _ := c.text("AppParameters")
	args := splitArgs(arguments)
	c.doc.command = []string{c.env.write(application)}
	for _, arg := range args {
		c.doc.command = append(c.doc.command, c.env.write(arg))
	}
	if strings.ContainsAny(string(application), `\/`) && !isAbsolute(application) {
		c.note("Application", "is a relative path, which daruma looks up from the definition's folder: write the full path")
	}
	if ownRules(application) && !sameLine(arguments, args) {
		c.noteOwnRules("AppParameters", application)
	}
	c.directory(application)
}

// directory is AppDirectory; without it NSSM takes the program's folder, and Windows' where there is none.
func (c *conversion) directory(application text) {
	directory, ok := c.text("AppDirectory")
	directory = directory.unquoted()
	if ok && len(directory) > 0 {
		c.doc.workingDir = c.env.write(directory)
		if !isAbsolute(directory) {
			c.note("AppDirectory", "is a relative path, which begins at the definition's folder here: write the full path")
		}
		return
	}
	folder := application[:len(application)-len(base(application))]
	switch {
	case len(folder) == 0:
		c.doc.workingDir = reference("SystemRoot")
	case len(folder) > 1 && folder[len(folder)-2] != ':': // C:\ keeps its backslash
		c.doc.workingDir = c.env.write(folder[:len(folder)-1])
	default:
		c.doc.workingDir = c.env.write(folder)
	}
}

// base is what follows the last separator of a path.
func base(path text) text {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '\\' || path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

// isAbsolute: C:\…, \\server\… or a path that begins with a variable, which will hold one.
func isAbsolute(path text) bool {
	switch {
	case len(path) > 0 && path[0] < 0:
		return true
	case len(path) > 1 && (path[0] == '\\' || path[0] == '/') && path[1] == path[0]:
		return true
	}
	return len(path) > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/')
}

// ownRules reports whether the program doesn't split its command line as others do: cmd.exe, and with it batch files.
func ownRules(application text) bool {
	name := strings.ToLower(string(base(application)))
	return name == "cmd" || name == "cmd.exe" || strings.HasSuffix(name, ".bat") || strings.HasSuffix(name, ".cmd")
}

func (c *conversion) noteOwnRules(setting string, application text) {
	c.note(setting, "%s reads its command line by rules of its own, and this line can't be handed over as it was: compare command with it, and where they differ put the line into a batch file and let command start that",
		c.shown(base(application)))
}

// sameLine reports whether args, quoted anew, are the line that they were split from.
func sameLine(line text, args []text) bool {
	all := make([]string, len(args))
	for i, arg := range args {
		all[i] = string(arg)
	}
	return joinArgs(all) == string(line.trim())
}
