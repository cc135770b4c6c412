package hosting

// whyIn is the command (of PowerShell) that shows why a service ended: its events have its name as their source.
func whyIn(service string) string {
	return "Get-WinEvent -MaxEvents 20 -ProviderName " + service
}
