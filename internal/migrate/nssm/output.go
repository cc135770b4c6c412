package nssm

import "strconv"

// output is AppStdin, AppStdout, AppStderr and what NSSM does with the files.
func (c *conversion) output() {
	if in, ok := c.text("AppStdin"); ok {
		_ = in
		c.note("AppStdin", "has no counterpart: a program of daruma reads nothing. Redirect in a script: command: [cmd.exe, /c, …]")
	}
	c.number("AppStdinShareMode")
	c.number("AppStdinCreationDisposition")
	c.number("AppStdinFlagsAndAttributes")
	c.file("AppStdout")
	c.file("AppStderr")
	rotate, _ := c.number("AppRotateFiles")
	c.number("AppRotateOnline") // daruma always can
	c.number("AppRotateDelay")  // daruma's rotation makes nothing wait
	if stamp, ok := c.number("AppTimestampLog"); ok && stamp != 0 {
		c.note("AppTimestampLog", "isn't needed: daruma keeps the time of each line beside it, and shows it with daruma logs -t; with logs.format: json it stands in the file")
	}
	low, _ := c.number("AppRotateBytes")
	high, _ := c.number("AppRotateBytesHigh")
	age, _ := c.number("AppRotateSeconds")
	if rotate == 0 {
		return
	}
	if bytes := high<<32 | low; bytes > 0 {
		const least, most = 1024, 1 << 50
		if bytes < least || bytes > most {
			c.note("AppRotateBytes", "%d bytes are out of daruma's bounds (%d to %d)", bytes, least, most)
			bytes = min(max(bytes, least), most)
		}
		c.doc.logs = append(c.doc.logs, pair{"maxSize", quantity(bytes)})
	}
	if age > 0 {
		c.doc.logs = append(c.doc.logs, pair{"maxAgeSeconds", strconv.FormatUint(min(age, 1e9), 10)})
	}
	c.note("AppRotateFiles", "NSSM kept rotated files for ever, daruma keeps ten of them: for more raise logs.maxFiles")
}

// file is one of the output files: daruma has files of its own.
func (c *conversion) file(setting string) {
	path, ok := c.text(setting)
	disposition, told := c.number(setting + "CreationDisposition")
	c.number(setting + "ShareMode")
	c.number(setting + "FlagsAndAttributes")
	c.number(setting + "CopyAndTruncate")
	if !ok {
		return
	}
	c.note(setting, "daruma captures the output itself, in files of its own that it rotates: daruma logs %s shows them. Whatever reads %s must read those", c.doc.name, c.shown(path))
	// CREATE_ALWAYS and TRUNCATE_EXISTING. Source:
	// https://learn.microsoft.com/en-us/windows/win32/api/fileapi/nf-fileapi-createfilew
	if told && (disposition == 2 || disposition == 5) {
		c.note(setting+"CreationDisposition", "emptied the file at each start. daruma appends, and rotates")
	}
}

// shown is a path as people know it, %VAR% included.
func (c *conversion) shown(t text) string {
	var out text
	for _, r := range t {
		if r < 0 {
			out = append(out, literal("%"+c.env.outside[-1-r]+"%")...)
		} else {
			out = append(out, r)
		}
	}
	return string(out)
}

// quantity writes bytes as 10Mi where that is exact.
func quantity(bytes uint64) string {
	for _, unit := range []struct {
		name string
		size uint64
	}{{"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}} {
		if bytes%unit.size == 0 {
			return strconv.FormatUint(bytes/unit.size, 10) + unit.name
		}
	}
	return strconv.FormatUint(bytes, 10)
}
