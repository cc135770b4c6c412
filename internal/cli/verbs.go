package cli

import "github.com/spf13/cobra"

// group is a heading of daruma --help with the verbs under it, which cobra sorts by name.
type group struct {
	id, title string
	verbs     []*cobra.Command
}

// groups lists every verb, in the order in which help shows the groups.
func groups(std IO) []group {
	return []group{
		{"run", "Run in a terminal:", []*cobra.Command{
			newRun(std),
			newCheck(std),
			newSchema(std),
		}},
		{"operate", "Operate what runs:", []*cobra.Command{
			newStart(std),
			newStop(std),
			newRestart(std),
			newPause(std),
			newResume(std),
			newReload(std),
			newUpgrade(std),
			newControl(std),
		}},
		{"look", "Look at it:", []*cobra.Command{
			newStatus(std),
			newTop(std),
			newUI(std),
			newLogs(std),
			newEvents(std),
			newIncidents(std),
			newObserve(std),
			newExport(std),
			newVersion(std),
		}},
		{"install", "Install it as a service of the operating system:", []*cobra.Command{
			newInstall(std),
			newUninstall(std),
			newEnsure(std),
			newDoctor(std),
		}},
		{"release", "Deliver new versions of it:", []*cobra.Command{
			newPack(std),
			newDeploy(std),
			newRollback(std),
			newReleases(std),
		}},
		{"import", "Come from another service manager:", []*cobra.Command{
			newImport(std),
		}},
	}
}
