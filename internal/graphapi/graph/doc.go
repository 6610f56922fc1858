// Package graph holds the resource types of Microsoft Graph's synchronization API
// and of its provisioning and audit logs as they go over the wire, and makes them
// from Usher's own values, and the other way round.
//
// It is pure: it knows neither HTTP nor a store. The synchronization schema itself
// is not here: [mapping.Schema] is Graph's synchronizationSchema already. Names,
// members and enumerations are those of the Microsoft Graph v1.0 reference,
// "Microsoft Entra synchronization API overview" and "provisioningObjectSummary
// resource type".
package graph
