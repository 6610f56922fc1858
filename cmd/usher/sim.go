package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

func newSimCommand(_ *options) *cobra.Command {
	command := &cobra.Command{Use: "sim", Short: "Run a simulated target to try things against"}
	command.AddCommand(newSimSalesforceCommand())
	return command
}

// simFlags describe the simulated org that is wanted.
type simFlags struct {
	listen     string
	sandbox    bool
	latency    time.Duration
	dailyLimit int
}

func newSimSalesforceCommand() *cobra.Command {
	var flags simFlags
	command := &cobra.Command{
		Use:   "salesforce",
		Short: "Run a simulated Salesforce org",
		Long: `Sim salesforce serves a simulated Salesforce org until it is interrupted. When it
is ready it prints one line of JSON with the address and what to sign in with. The
sign-in data are fixed. Its content is in memory and gone when it ends.`,
		Example: "  usher sim salesforce --listen 127.0.0.1:8090\n  usher sim salesforce --sandbox --latency 100ms",
		Args:    arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			org, err := flags.newOrg()
			if err != nil {
				return err
			}
			server, err := org.Listen(flags.listen)
			if err != nil {
				return err
			}
			credentials := org.Credentials()
			ready := map[string]string{
				"url": server.URL, "username": credentials.Username, "password": credentials.Password, "securityToken": credentials.SecurityToken,
				"clientId": credentials.ClientID, "clientSecret": credentials.ClientSecret,
			}
			if err := json.NewEncoder(command.OutOrStdout()).Encode(ready); err != nil {
				return errors.Join(fmt.Errorf("tell where the org is: %w", err), server.Close())
			}
			<-command.Context().Done()
			return server.Close()
		},
	}
	command.Flags().StringVar(&flags.listen, "listen", "127.0.0.1:8090", "address to listen on")
	command.Flags().BoolVar(&flags.sandbox, "sandbox", false, "make the org a sandbox")
	command.Flags().DurationVar(&flags.latency, "latency", 20*time.Millisecond, "time that every request takes at least")
	command.Flags().IntVar(&flags.dailyLimit, "daily-limit", 0, "API requests a day; 0 for the limit of the org's edition")
	return command
}

func (f simFlags) newOrg() (*salesforcetest.Org, error) {
	config := salesforcetest.Default()
	config.Sandbox = config.Sandbox || f.sandbox
	config.Latency = f.latency
	if f.dailyLimit > 0 {
		config.DailyLimit = f.dailyLimit
	}
	return salesforcetest.New(config)
}
