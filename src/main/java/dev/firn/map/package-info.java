/**
 * The block map: a persistent copy-on-write B+tree, its cursors, the diff of two roots, and the log
 * that makes a volume's map durable.
 */
package dev.firn.map;
