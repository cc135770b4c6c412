package manager

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// What Task Scheduler 2.0 takes, as far as TaskXML could come near it: the rules of Microsoft's pages "Task Scheduler Schema"
// (learn: win32/taskschd/task-scheduler-schema) and [MS-TSCH] 2.5, put into a table; the schema itself is Microsoft's text and not
// copied. Windows validates by it at registration, and answers a wrong order in a sequence with error 0x8004131A.

// schemaType is one type of the schema.
type schemaType struct {
	ordered  bool // xs:sequence; else xs:all
	children []schemaChild
	pattern  string // of a simple type: all its texts
	longest  int    // characters, 0: any
	attrs    map[string]string
}

type schemaChild struct {
	name, typ string
	min, max  int
}

func one(name, typ string) schemaChild        { return schemaChild{name, typ, 1, 1} }
func optionally(name, typ string) schemaChild { return schemaChild{name, typ, 0, 1} }

func simple(pattern string) schemaType { return schemaType{pattern: pattern} }

func sequence(children ...schemaChild) schemaType {
	return schemaType{ordered: true, children: children}
}

func all(children ...schemaChild) schemaType { return schemaType{children: children} }

// taskSchema are the types by their names in the schema.
func taskSchema() map[string]schemaType {
	trigger := func(own ...schemaChild) schemaType {
		s := sequence(append([]schemaChild{optionally("Enabled", "boolean"), optionally("StartBoundary", "dateTime"),
			optionally("EndBoundary", "dateTime"), optionally("Repetition", "repetition"), optionally("ExecutionTimeLimit", "duration")}, own...)...)
		s.attrs = map[string]string{"id": `\S+`}
		return s
	}
	task := all(optionally("RegistrationInfo", "registrationInfo"), optionally("Triggers", "triggers"), optionally("Settings", "settings"),
		optionally("Data", "any"), optionally("Principals", "principals"), one("Actions", "actions"))
	task.attrs = map[string]string{"version": `1\.3`}
	principal := all(optionally("UserId", "nonEmpty"), optionally("LogonType", "logon"), optionally("GroupId", "nonEmpty"),
		optionally("DisplayName", "string"), optionally("RunLevel", "runLevel"), optionally("ProcessTokenSidType", "any"), optionally("RequiredPrivileges", "any"))
	principal.attrs = map[string]string{"id": `[A-Za-z_][\w.-]*`}
	actions := sequence(schemaChild{"Exec", "exec", 1, 32})
	actions.attrs = map[string]string{"Context": `[A-Za-z_][\w.-]*`}
	path := schemaType{pattern: `(?s).+`, longest: 260}
	boolean := "boolean"
	return map[string]schemaType{
		"task": task,
		"registrationInfo": all(optionally("URI", "anyURI"), optionally("SecurityDescriptor", "string"), optionally("Source", "string"),
			optionally("Date", "dateTime"), optionally("Author", "string"), optionally("Version", "string"), optionally("Description", "string"),
			optionally("Documentation", "string")),
		"triggers": {children: []schemaChild{{"BootTrigger", "delayed", 0, 48}, {"TimeTrigger", "time", 0, 48}, {"EventTrigger", "event", 0, 48}}},
		"delayed":  trigger(optionally("Delay", "duration")),
		"time":     trigger(optionally("RandomDelay", "duration")),
		"event": trigger(one("Subscription", "nonEmpty"), optionally("Delay", "duration"), optionally("PeriodOfOccurrence", "duration"),
			optionally("NumberOfOccurrences", "any"), optionally("MatchingElement", "nonEmpty"), optionally("ValueQueries", "any")),
		"repetition": all(one("Interval", "duration"), optionally("Duration", "duration"), optionally("StopAtDurationEnd", boolean)),
		"settings": all(optionally("AllowStartOnDemand", boolean), optionally("RestartOnFailure", "restart"),
			optionally("MultipleInstancesPolicy", "instances"), optionally("DisallowStartIfOnBatteries", boolean),
			optionally("StopIfGoingOnBatteries", boolean), optionally("AllowHardTerminate", boolean), optionally("StartWhenAvailable", boolean),
			optionally("NetworkProfileName", "string"), optionally("RunOnlyIfNetworkAvailable", boolean), optionally("WakeToRun", boolean),
			optionally("Enabled", boolean), optionally("Hidden", boolean), optionally("DeleteExpiredTaskAfter", "duration"),
			optionally("IdleSettings", "idle"), optionally("NetworkSettings", "any"), optionally("ExecutionTimeLimit", "duration"),
			optionally("Priority", "priority"), optionally("RunOnlyIfIdle", boolean), optionally("UseUnifiedSchedulingEngine", boolean),
			optionally("DisallowStartOnRemoteAppSession", boolean)),
		"idle": all(optionally("Duration", "duration"), optionally("WaitTimeout", "duration"), optionally("StopOnIdleEnd", boolean),
			optionally("RestartOnIdle", boolean)),
		"restart":    all(one("Interval", "duration"), one("Count", "count")),
		"principals": sequence(one("Principal", "principal")),
		"principal":  principal,
		"actions":    actions,
		"exec":       all(one("Command", "path"), optionally("Arguments", "string"), optionally("WorkingDirectory", "path")),
		"path":       path,
		"boolean":    simple(`true|false|1|0`),
		"string":     simple(`(?s).*`),
		"anyURI":     simple(`[^\s]*`),
		"nonEmpty":   simple(`(?s).+`),
		"dateTime":   simple(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`),
		"duration":   simple(`P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?`),
		"instances":  simple(`Parallel|Queue|IgnoreNew|StopExisting`),
		"runLevel":   simple(`LeastPrivilege|HighestAvailable`),
		"logon":      simple(`S4U|Password|InteractiveToken|InteractiveTokenOrPassword`),
		"priority":   simple(`[0-9]|10`),
		"count":      simple(`[1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]`),
	}
}

// validateTask gives every breach of the schema in a task's XML.
func validateTask(text string) (problems []string) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	types := taskSchema()
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	type level struct {
		path string
		typ  schemaType
		seen []string
		text strings.Builder
	}
	stack := []*level{{typ: sequence(one("Task", "task"))}}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return problems
		} else if err != nil {
			return append(problems, err.Error())
		}
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			path := top.path + "/" + t.Name.Local
			if t.Name.Space != taskNamespace {
				complain("%s is in the namespace %q", path, t.Name.Space)
			}
			i := slices.IndexFunc(top.typ.children, func(c schemaChild) bool { return c.name == t.Name.Local })
			if i < 0 {
				complain("%s: no such element here", path)
				stack = append(stack, &level{path: path})
				continue
			}
			top.seen = append(top.seen, t.Name.Local)
			typ := types[top.typ.children[i].typ]
			for _, a := range t.Attr {
				if pattern := typ.attrs[a.Name.Local]; a.Name.Local != "xmlns" && !regexp.MustCompile(`^(`+pattern+`)$`).MatchString(a.Value) {
					complain("%s: attribute %s=%q", path, a.Name.Local, a.Value)
				}
			}
			stack = append(stack, &level{path: path, typ: typ})
		case xml.CharData:
			top.text.Write(t)
		case xml.EndElement:
			problems = append(problems, top.typ.check(top.path, top.seen, top.text.String())...)
			stack = stack[:len(stack)-1]
		}
	}
}

// check holds an element's children and text against its type.
func (s schemaType) check(path string, seen []string, text string) (problems []string) {
	if s.pattern != "" {
		if !regexp.MustCompile(`^(?:` + s.pattern + `)$`).MatchString(text) {
			problems = append(problems, fmt.Sprintf("%s: %q isn't %s", path, text, s.pattern))
		}
		if n := len([]rune(text)); s.longest > 0 && n > s.longest {
			problems = append(problems, fmt.Sprintf("%s: %d characters, at most %d", path, n, s.longest))
		}
		return problems
	}
	at := 0
	for _, c := range s.children {
		n := 0
		for i, name := range seen {
			if name != c.name {
				continue
			}
			n++
			if s.ordered && i < at {
				problems = append(problems, fmt.Sprintf("%s: %s stands too late", path, seen[at-1]))
			}
			at = max(at, i+1)
		}
		if n < c.min || n > c.max {
			problems = append(problems, fmt.Sprintf("%s: %d times %s, not %d to %d", path, n, c.name, c.min, c.max))
		}
	}
	return problems
}
