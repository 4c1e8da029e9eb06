/**
 * Snapshots and images in S3-compatible buckets and behind URLs: export tasks, imports, copies to
 * other Regions. Everything that comes from outside is hostile.
 */
package dev.firn.bucket;
