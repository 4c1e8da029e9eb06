/** The control plane of one home: catalog, names, ids, states. */
package dev.firn.region;
