package dev.firn.map;

import dev.firn.store.LogPosition;
import dev.firn.store.NoSpaceException;
import dev.firn.store.RecordPointer;
import java.util.List;

/**
 * From where one volume may still reach records, taken at one moment.
 *
 * @param volume the map, as it was open then
 * @param keptFrom records from here on in the volume's own log stay: recovery may read them, and
 *     what they hold may not be referred to yet. Null: all of them
 * @param heads roots of trees, in memory or on disk: a {@link Node} or a {@link RecordPointer}
 * @param tables roots of tables of frozen roots, likewise
 * @param full why the volume could not write where recovery would begin, or null
 */
record ReclaimRoots(
    VolumeMap volume,
    LogPosition keptFrom,
    List<Object> heads,
    List<Object> tables,
    NoSpaceException full) {}
