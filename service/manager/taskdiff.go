package manager

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// leaf is one text of a task's XML, under its path: "Settings/Hidden", "Triggers/EventTrigger[2]/Subscription".
type leaf struct{ path, text string }

// taskLeaves reads a task's XML. What Windows gives back says UTF-16 and is a text already.
func taskLeaves(text string) ([]leaf, error) {
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	type element struct {
		path  string
		seen  map[string]int // how many children of a name came so far
		text  strings.Builder
		inner bool
	}
	var list []leaf
	stack := []*element{{seen: map[string]int{}}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the task's XML: %w", err)
		}
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			top.inner = true
			top.seen[t.Name.Local]++
			path := t.Name.Local
			if n := top.seen[path]; n > 1 {
				path += "[" + strconv.Itoa(n) + "]"
			}
			if len(stack) > 2 { // below Task
				path = top.path + "/" + path
			}
			stack = append(stack, &element{path: path, seen: map[string]int{}})
		case xml.CharData:
			top.text.Write(t)
		case xml.EndElement:
			if !top.inner {
				list = append(list, leaf{top.path, strings.TrimSpace(top.text.String())})
			}
			stack = stack[:len(stack)-1]
		}
	}
}

// diffTasks lists in what the registered task differs from the wanted one. What Windows adds of itself doesn't count: the names
// it notes at registration, and settings that have the schema's default.
func diffTasks(have, want string) ([]Change, error) {
	was, err := taskLeaves(have)
	if err != nil {
		return nil, err
	}
	will, err := taskLeaves(want)
	if err != nil {
		return nil, err
	}
	there := map[string]string{}
	for _, l := range was {
		there[l.path] = l.text
	}
	var changes []Change
	wanted := map[string]bool{}
	for _, l := range will {
		wanted[l.path] = true
		text, ok := there[l.path]
		if strings.HasPrefix(l.path, "RegistrationInfo/") && l.path != "RegistrationInfo/Description" {
			continue // Windows writes the rights in another spelling
		}
		if !ok && l.text == taskDefault(l.path) || ok && sameText(text, l.text) {
			continue
		}
		changes = append(changes, Change{Setting: "task." + l.path, From: text, To: l.text})
	}
	for _, l := range was {
		if !wanted[l.path] && !strings.HasPrefix(l.path, "RegistrationInfo/") && !sameText(l.text, taskDefault(l.path)) {
			changes = append(changes, Change{Setting: "task." + l.path, From: l.text})
		}
	}
	return changes, nil
}

// taskDefault is what the schema gives an element that isn't there; "" where it gives none.
func taskDefault(path string) string {
	name := path[strings.LastIndex(path, "/")+1:]
	switch name {
	case "Enabled", "AllowStartOnDemand", "AllowHardTerminate":
		return "true"
	case "StopAtDurationEnd", "RunOnlyIfNetworkAvailable", "WakeToRun", "Hidden", "RunOnlyIfIdle", "UseUnifiedSchedulingEngine",
		"DisallowStartOnRemoteAppSession", "StartWhenAvailable", "RestartOnIdle":
		return "false"
	case "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "StopOnIdleEnd":
		return "true"
	case "MultipleInstancesPolicy":
		return "IgnoreNew"
	case "Priority":
		return "7"
	case "Duration", "WaitTimeout": // of IdleSettings
		return map[string]string{"Duration": "PT10M", "WaitTimeout": "PT1H"}[name]
	case "NumberOfOccurrences":
		return "1"
	case "Delay", "RandomDelay", "PeriodOfOccurrence", "DeleteExpiredTaskAfter":
		return "PT0S"
	}
	return ""
}

// sameText compares values of the schema: durations by their length, all else letter by letter.
func sameText(a, b string) bool {
	if a == b {
		return true
	}
	x, ok := parseISO(a)
	y, also := parseISO(b)
	return ok && also && x == y
}

// isoPattern is what the Task Scheduler writes of xs:duration: no years and months.
const isoPattern = `^P(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$`

func parseISO(s string) (time.Duration, bool) {
	m := regexp.MustCompile(isoPattern).FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi("0" + m[i+1])
		d += time.Duration(n) * unit
	}
	return d, true
}
