// Package soql reads and prints the Salesforce Object Query Language.
//
// It turns the text of a query into a tree ([Parse]), the tree back into text
// ([Query.String]), and describes faults the way Salesforce does, with the row,
// the column and a caret below the place. It knows the grammar only: whether an
// object or a field exists, and what a comparison means, is for whoever
// evaluates the tree. The grammar follows the SOQL and SOSL Reference.
//
// Left out of the language: DISTANCE and GEOLOCATION, data categories, currency
// literals, GROUP BY ROLLUP and CUBE, and several sources in one FROM.
package soql
