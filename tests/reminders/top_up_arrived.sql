SELECT hall.top_up(13700137305, 5000, 'card-1'), hall.top_up(13700137305, 5000, 'card-1');
