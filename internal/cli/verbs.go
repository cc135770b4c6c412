package cli

import "github.com/spf13/cobra"

// verbs lists every verb, in the order that help shows them.
func verbs(std IO) []*cobra.Command {
	return []*cobra.Command{
		newRun(std),
		newCheck(std),
		newSchema(std),
		newInstall(std),
		newUninstall(std),
		newEnsure(std),
		newDoctor(std),
		newStatus(std),
		newStart(std),
		newStop(std),
		newRestart(std),
		newPause(std),
		newResume(std),
		newReload(std),
		newControl(std),
		newEvents(std),
		newLogs(std),
		newIncidents(std),
		newImport(std),
	}
}
