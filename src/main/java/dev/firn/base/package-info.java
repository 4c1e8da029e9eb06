/**
 * What every layer shares: the errors users see, ids, sizes, byte-order helpers. Depends on nothing
 * else.
 */
package dev.firn.base;
