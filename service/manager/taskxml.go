package manager

import (
	"fmt"
	"strings"
	"time"
)

// taskNamespace is the namespace of Task Scheduler 2.0's schema.
const taskNamespace = "http://schemas.microsoft.com/windows/2004/02/mit/task"

// taskLimit ends the task's process, not the service: the SCM starts that. Without the element it would be 72 h, with PT0S
// never, and a process that hangs for ever would keep every later one from starting (IgnoreNew).
const taskLimit = 15 * time.Minute

// taskRights: whoever may change the task may run anything as SYSTEM. Users may look at it, for doctor.
const taskRights = "D:P(A;;FA;;;BA)(A;;FA;;;SY)(A;;FR;;;AU)"

// TaskXML is the task that RegisterTask registers on Windows (learn: Task Scheduler Schema). Elements stand in the schema's
// order; where Windows' default would do harm, it is written down: no start on battery, 72 hours, idle conditions.
func TaskXML(f Fallback) string {
	var x xmlWriter
	x.raw(`<?xml version="1.0" encoding="UTF-16"?>` + "\n")
	x.open("Task", `version="1.3" xmlns="`+taskNamespace+`"`)
	x.open("RegistrationInfo", "")
	x.leaf("URI", taskPath(f.Name))
	x.leaf("SecurityDescriptor", taskRights)
	x.leaf("Author", "daruma")
	x.leaf("Description", "Starts the service "+f.Name+" where it should run and doesn't. Made by daruma install, removed by daruma uninstall.")
	x.close()
	f.triggers(&x)
	settings(&x, f.WakeToRun)
	x.open("Principals", "")
	x.open("Principal", `id="Service"`)
	// LocalSystem by its SID, which has the same name in every language. A LogonType isn't written: the schema has no word for
	// service accounts, and Windows leaves it out itself.
	x.leaf("UserId", "S-1-5-18")
	x.leaf("RunLevel", "HighestAvailable")
	x.close()
	x.close()
	x.open("Actions", `Context="Service"`)
	x.open("Exec", "")
	x.leaf("Command", `"`+f.Executable+`"`) // quoted like a service's path: of C:\Program Files\x.exe Windows may try C:\Program.exe
	var words []string
	for _, argument := range f.arguments() {
		words = append(words, quoteArgument(argument))
	}
	x.leaf("Arguments", strings.Join(words, " "))
	x.close()
	x.close()
	x.close()
	return x.String()
}

func taskPath(name string) string { return taskFolder + `\` + name }

// taskFolder is where the Task Scheduler's tree shows daruma's tasks.
const taskFolder = `\daruma`

// triggers: at boot, in case the SCM's own start failed; every few minutes for ever; on waking; when the SCM saw the service die.
func (f Fallback) triggers(x *xmlWriter) {
	x.open("Triggers", "")
	x.open("BootTrigger", "")
	x.leaf("Delay", "PT1M") // the SCM starts automatic services itself
	x.close()
	x.open("TimeTrigger", "")
	x.leaf("StartBoundary", "2020-01-01T00:00:00") // required; in the past, so that it counts from now on
	x.open("Repetition", "")
	x.leaf("Interval", isoDuration(f.Every)) // no Duration: without end
	x.close()
	x.close()
	// "The system has returned from a low power state", "The system has resumed from sleep".
	x.event(`*[System[Provider[@Name='Microsoft-Windows-Power-Troubleshooter'] and EventID=1]]`,
		`*[System[Provider[@Name='Microsoft-Windows-Kernel-Power'] and EventID=107]]`)
	x.event(terminated(f.DisplayName))
	x.close()
}

// terminated selects "The … service terminated unexpectedly" (7031 with a recovery action, 7034 without): param1 is the display
// name. XPath has no escapes: a name with both kinds of quotes, or with what XML can't hold, is left out, and ensure is run for
// every service's end, which costs a few milliseconds.
func terminated(displayName string) string {
	const ids = `System[Provider[@Name='Service Control Manager'] and (EventID=7031 or EventID=7034)]`
	quote := `'`
	if strings.Contains(displayName, quote) {
		quote = `"`
	}
	if strings.Contains(displayName, quote) || xmlText(displayName) != displayName {
		return `*[` + ids + `]`
	}
	return `*[` + ids + ` and EventData[Data[@Name='param1']=` + quote + displayName + quote + `]]`
}

func (x *xmlWriter) event(selects ...string) {
	var query xmlWriter
	query.raw(`<QueryList><Query Id="0" Path="System">`)
	for _, s := range selects {
		query.raw(`<Select Path="System">` + xmlEscape(s) + `</Select>`)
	}
	query.raw(`</Query></QueryList>`)
	x.open("EventTrigger", "")
	x.leaf("Subscription", query.String()) // XML as a text within XML: escaped once more
	x.close()
}

func settings(x *xmlWriter, wake bool) {
	x.open("Settings", "")
	x.open("RestartOnFailure", "")
	x.leaf("Interval", "PT1M")
	x.leaf("Count", "3")
	x.close()
	x.leaf("MultipleInstancesPolicy", "IgnoreNew")
	x.leaf("DisallowStartIfOnBatteries", "false")
	x.leaf("StopIfGoingOnBatteries", "false")
	x.leaf("StartWhenAvailable", "true") // a time that was slept through is made up for
	x.leaf("WakeToRun", fmt.Sprint(wake))
	x.leaf("Enabled", "true")
	x.leaf("Hidden", "true")
	x.open("IdleSettings", "")
	x.leaf("StopOnIdleEnd", "false")
	x.leaf("RestartOnIdle", "false")
	x.close()
	x.leaf("ExecutionTimeLimit", isoDuration(taskLimit))
	x.leaf("Priority", "5") // normal; the default, 7, is background priority for processor, disk and memory
	x.close()
}

// isoDuration is xs:duration in hours, minutes and seconds: PT5M, PT1H1S.
func isoDuration(d time.Duration) string {
	text := "PT"
	for _, unit := range []struct {
		length time.Duration
		letter string
	}{{time.Hour, "H"}, {time.Minute, "M"}, {time.Second, "S"}} {
		if n := d / unit.length; n > 0 {
			text += fmt.Sprint(int64(n)) + unit.letter
			d -= n * unit.length
		}
	}
	if text == "PT" {
		return "PT0S"
	}
	return text
}
