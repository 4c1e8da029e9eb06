package dev.firn.map;

import java.util.Map;

/**
 * What one map keeps for its users, taken at one moment. Roots are a {@link Node} or where one is.
 *
 * @param table the table of frozen roots itself
 * @param frozen the frozen roots by their numbers
 */
record KeptRoots(Object head, Object table, Map<Long, Object> frozen) {}
