package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

func newSimCommand(_ *options) *cobra.Command {
	command := &cobra.Command{Use: "sim", Short: "Run a simulated target to try things against"}
	command.AddCommand(newSimSalesforceCommand())
	return command
}

// simLatency is about what a real org needs for a small request.
const simLatency = 20 * time.Millisecond

// simFlags describe the simulated org that is wanted.
type simFlags struct {
	listen     string
	org        string
	data       string
	faults     string
	sandbox    bool
	latency    time.Duration
	hasLatency bool // given on the command line
	dailyLimit int
}

func newSimSalesforceCommand() *cobra.Command {
	var flags simFlags
	command := &cobra.Command{
		Use:   "salesforce",
		Short: "Run a simulated Salesforce org",
		Long: fmt.Sprintf(`Sim salesforce serves a simulated Salesforce org until it is interrupted. When it
is ready it prints one line of JSON with the address and what to sign in with.

The org is that of --org, or else an Enterprise Edition with the usual licenses and
profiles, in which one administrator can sign in:

  username       %s
  password       %s
  securityToken  %s
  clientId       %s
  clientSecret   %s

In a sandbox the username ends with .sbx.

With --data its users, and everything else that its API can change, are read from a
file if there is one, and written to it at the end and by POST /__sim/save. Without,
they are gone when it ends. docs/simulated-org.md shows the org file, the schedule of
faults and the other addresses below /__sim/.`,
			salesforcetest.DefaultUsername, salesforcetest.DefaultPassword, salesforcetest.DefaultSecurityToken,
			salesforcetest.DefaultClientID, salesforcetest.DefaultClientSecret),
		Example: "  usher sim salesforce --listen 127.0.0.1:8090\n  usher sim salesforce --sandbox --latency 100ms\n" +
			"  usher sim salesforce --org contoso.yaml --data contoso.data --faults bad-day.yaml",
		Args: arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			flags.hasLatency = command.Flags().Changed("latency")
			return flags.run(command.Context(), command.OutOrStdout())
		},
	}
	set := command.Flags()
	set.StringVar(&flags.listen, "listen", "127.0.0.1:8090", "address to listen on")
	set.StringVar(&flags.org, "org", "", "`file` (YAML) that describes the org")
	set.StringVar(&flags.data, "data", "", "`file` that keeps the content of the org; not the folder of the embedded database")
	set.StringVar(&flags.faults, "faults", "", "`file` (YAML or JSON) with a schedule of faults, instead of that of the org file")
	set.BoolVar(&flags.sandbox, "sandbox", false, "make the org a sandbox")
	set.DurationVar(&flags.latency, "latency", simLatency, "time that every request takes at least; with --org its own, if not given")
	set.IntVar(&flags.dailyLimit, "daily-limit", 0, "API requests in 24 hours; 0 for that of the org file or the edition")
	return command
}

// run serves the org until the context ends, and then keeps its content.
func (f simFlags) run(ctx context.Context, out io.Writer) error {
	config, err := f.config()
	if err != nil {
		return err
	}
	org, err := salesforcetest.New(config)
	if err != nil {
		return err
	}
	server, err := org.Listen(f.listen) //nolint:contextcheck // it ends by Close.
	if err != nil {
		return err
	}
	credentials := org.Credentials()
	ready := map[string]string{
		"url": server.URL, "username": credentials.Username, "password": credentials.Password, "securityToken": credentials.SecurityToken,
		"clientId": credentials.ClientID, "clientSecret": credentials.ClientSecret,
	}
	if err := json.NewEncoder(out).Encode(ready); err != nil {
		return errors.Join(fmt.Errorf("tell where the org is: %w", err), server.Close())
	}
	<-ctx.Done()
	err = server.Close()
	if f.data != "" {
		err = errors.Join(err, org.Save())
	}
	return err
}

// config is what the files and the other flags make together. A flag that was
// given counts more than the org file.
func (f simFlags) config() (salesforcetest.Config, error) {
	config := salesforcetest.Default()
	if f.latency < 0 || f.dailyLimit < 0 {
		return config, &exitError{exitUsage, errors.New("--latency and --daily-limit cannot be negative")}
	}
	config.Latency = simLatency
	if f.org != "" {
		var err error
		if config, err = readSimFile(f.org, "org file", salesforcetest.ReadConfig); err != nil {
			return config, err
		}
	}
	if f.faults != "" {
		var err error
		if config.Faults, err = readSimFile(f.faults, "schedule of faults", salesforcetest.ReadFaults); err != nil {
			return config, err
		}
	}
	if f.hasLatency {
		config.Latency = f.latency
	}
	if f.dailyLimit > 0 {
		config.DailyLimit = f.dailyLimit
	}
	config.Sandbox = config.Sandbox || f.sandbox
	config.DataFile = f.data
	return config, nil
}

// readSimFile opens a file and has it read. What is wrong in it may be many lines.
func readSimFile[T any](name, what string, read func(io.Reader) (T, error)) (T, error) {
	var value T
	file, err := os.Open(name) //nolint:gosec // whoever types the command names the file.
	if err != nil {
		return value, fmt.Errorf("read %s: %w", what, err)
	}
	defer file.Close() //nolint:errcheck // it was only read.
	value, err = read(file)
	if faults, ok := errors.AsType[salesforcetest.FileErrors](err); ok && len(faults) > 1 {
		return value, fmt.Errorf("read %s %s:\n%w", what, name, err)
	}
	if err != nil {
		return value, fmt.Errorf("read %s %s: %w", what, name, err)
	}
	return value, nil
}
