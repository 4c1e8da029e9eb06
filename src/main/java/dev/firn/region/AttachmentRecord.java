package dev.firn.region;

import java.nio.file.Path;

/**
 * A block volume that is wanted as a device, so that a restarted daemon can attach it again.
 *
 * @param volumeId the record's key
 * @param device such as {@code /dev/loop0}: what it is, or was when a daemon last had the home
 * @param disk the file behind the device
 * @param directory where its file system is mounted by Firn, or null
 */
public record AttachmentRecord(String volumeId, String device, Path disk, Path directory) {}
